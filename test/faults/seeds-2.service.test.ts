import { seedsOfPart } from './seeds.js';

seedsOfPart(2);
